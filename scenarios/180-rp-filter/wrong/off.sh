# expect-fail: liar
mkdir -p /run/lab/answers
echo IPReversePathFilter > /run/lab/answers/counter
# on: srv
sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.eth1.rp_filter=0
