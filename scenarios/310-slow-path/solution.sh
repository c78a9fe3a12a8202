# on: c1
ip route replace default via 10.0.0.2
# on: srv
ip route replace 10.0.0.0/24 via 192.0.2.5
