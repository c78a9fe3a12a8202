# One machine is helped, the next one is not.
# expect-fail: c2-download, lan-mtu
mkdir -p /run/lab/answers
echo 1280 > /run/lab/answers/narrowest
# on: c1
ip link set eth0 mtu 1280
