# all = 1 still holds: the greater number counts.
# expect-fail: second, quiet
mkdir -p /run/lab/answers
echo TcpExtIPReversePathFilter > /run/lab/answers/counter
# on: srv
sysctl -qw net.ipv4.conf.eth1.rp_filter=0
