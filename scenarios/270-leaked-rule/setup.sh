# What a container manager would have made for shop and blog; and what it forgot of a container that was 10.0.0.5 before.
sysctl -qw net.ipv4.ip_forward=1
nft -f - <<'RULES'
table ip nat {
  chain prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    fib daddr type local jump published
  }
  chain published {
    tcp dport 8081 dnat to 10.0.0.3:80 comment "blog"
    tcp dport 8080 dnat to 10.0.0.5:80 comment "shop-old"
    tcp dport 8080 dnat to 10.0.0.2:80 comment "shop"
  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr 10.0.0.0/24 oifname "up" masquerade
  }
}
table inet filter {
  chain forward {
    type filter hook forward priority filter; policy drop;
    ct state established,related accept
    iifname "web" oifname "up" accept
    ct status dnat accept
  }
}
RULES
