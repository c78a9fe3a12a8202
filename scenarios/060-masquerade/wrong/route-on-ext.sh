# Works, on a machine that is not ours.
# expect-fail: hidden, out1, out2
# expect-guard: ext-untouched
sysctl -qw net.ipv4.ip_forward=1
# on: ext
ip route add 10.0.0.0/8 via 203.0.113.2
