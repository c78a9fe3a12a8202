# An electricity meter: one UDP socket for all its life, a reading every tenth of a second, and the last answer in a file.
exec 3<>/dev/udp/203.0.113.1/5000
[ -e /run/lab/meter.pid ] || echo $$ >/run/lab/meter.pid
while :; do
  echo "230 V" >&3
  timeout 0.3 dd bs=200 count=1 <&3 2>/dev/null >/run/lab/meter.next && mv /run/lab/meter.next /run/lab/meter.answer
  sleep 0.1
done
