# eth1 = 1 still holds. And the counter of something else.
# expect-fail: reason, second, quiet
mkdir -p /run/lab/answers
echo InNoRoutes > /run/lab/answers/counter
# on: srv
sysctl -qw net.ipv4.conf.all.rp_filter=0
sysctl -qw net.ipv4.conf.default.rp_filter=0
