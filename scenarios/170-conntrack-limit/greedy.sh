# Wants twelve connections, and never gives one back.
hold() {
  while sleep 0.2; do
    exec 3<>/dev/tcp/203.0.113.80/80 || continue
    echo one >>/run/lab/greedy.has
    cat <&3 >/dev/null &
    while printf 'GET / HTTP/1.1\r\nHost: web\r\n\r\n' >&3; do sleep 2; done
  done
}
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do hold & done
wait
