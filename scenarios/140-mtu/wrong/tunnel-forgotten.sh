# The cable would do now; vx0 still takes 1450.
# expect-fail: big12, big21, download
mkdir -p /run/lab/answers
echo 50 > /run/lab/answers/overhead
# on: h1
ip link set under mtu 9000
# on: h2
ip link set under mtu 9000
