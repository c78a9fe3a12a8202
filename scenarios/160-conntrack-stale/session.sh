# An administrator's session with the database: one TCP connection, something said every second.
exec 3<>/dev/tcp/203.0.113.1/2222
cat <&3 >/dev/null &
while printf 'GET / HTTP/1.1\r\nHost: db\r\n\r\n' >&3; do sleep 1; done
