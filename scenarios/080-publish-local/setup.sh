nft -f - <<'N'
table ip filter {
  chain forward {
    type filter hook forward priority filter; policy drop;
    ct state established,related accept
    ct status dnat accept
    iifname "lan" oifname "up" accept
  }
}
table ip nat {
  chain prerouting {
    type nat hook prerouting priority dstnat;
    ip daddr 203.0.113.2 tcp dport 8080 dnat to 10.0.0.2:80
  }
  chain postrouting {
    type nat hook postrouting priority srcnat;
    ip saddr 10.0.0.0/24 oifname "up" masquerade
  }
}
N
# Two neighbours without manners: they send packets for 127.0.0.1 to the host.
# on: ext
ip addr del 127.0.0.1/8 dev lo
ip route add 127.0.0.0/8 via 203.0.113.2 src 203.0.113.10
# on: c2
ip addr del 127.0.0.1/8 dev lo
ip route add 127.0.0.0/8 via 10.0.0.1 src 10.0.0.3
