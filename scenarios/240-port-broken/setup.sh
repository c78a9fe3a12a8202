# The company's networks are behind its router; the shop's port is published, and containers get out.
ip route add 192.168.0.0/16 via 203.0.113.7
nft -f - <<'RULES'
table ip nat {
  chain prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    fib daddr type local tcp dport 8080 dnat to 10.0.0.2:80
  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    oifname "net" masquerade
  }
}
RULES
