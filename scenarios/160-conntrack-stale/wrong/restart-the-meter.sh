# A new socket, a new connection. The old entry lives on for a while, and the meter was not to be touched.
# expect-fail: forgotten
# expect-guard: meter-runs
# on: meter
kill $(cat /run/lab/meter.pid)
bash meter.sh >/dev/null 2>&1 </dev/null &
