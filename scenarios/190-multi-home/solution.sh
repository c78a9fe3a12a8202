mkdir -p /run/lab/answers
echo eth0 > /run/lab/answers/leaves-by
# on: srv
ip route add default via 10.0.2.1 dev eth1 table 200
ip rule add from 10.0.2.10 lookup 200
