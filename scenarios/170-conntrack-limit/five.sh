# Opens four connections, then a fifth; says what became of it.
for fd in 3 4 5 6; do
  eval "exec $fd<>/dev/tcp/203.0.113.80/80" || exit 1
done
if timeout 0.3 bash -c 'exec 7<>/dev/tcp/203.0.113.80/80' 2>/dev/null; then echo five; else echo four and no more; fi
