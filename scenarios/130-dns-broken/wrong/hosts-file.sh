# One name, copied; the resolver is as broken as before.
# expect-fail: udp, tcp
tnet exec cart sh -c 'echo 172.30.5.20 pay >> /etc/hosts'
