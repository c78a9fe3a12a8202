mkdir -p /run/lab/answers
echo ext > /run/lab/answers/stuck-at
# on: ext
ip route add 10.0.0.0/24 via 203.0.113.1
