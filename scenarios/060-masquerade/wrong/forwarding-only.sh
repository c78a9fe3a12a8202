# expect-fail: hidden, out1, out2
sysctl -qw net.ipv4.ip_forward=1
