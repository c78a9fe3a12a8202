conntrack -D -p udp --orig-src 203.0.113.20 --orig-port-dst 5000
