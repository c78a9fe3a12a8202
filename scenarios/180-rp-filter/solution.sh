mkdir -p /run/lab/answers
echo IPReversePathFilter > /run/lab/answers/counter
# on: srv
sysctl -qw net.ipv4.conf.eth1.rp_filter=2
