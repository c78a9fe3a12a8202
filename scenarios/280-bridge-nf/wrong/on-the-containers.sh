# It is the bridge's namespace that counts.
# expect-fail: c1-c2, c2-c1
mkdir -p /run/lab/answers
echo forward > /run/lab/answers/dropped-in
# on: c1
sysctl -w net.bridge.bridge-nf-call-iptables=0
# on: c2
sysctl -w net.bridge.bridge-nf-call-iptables=0
