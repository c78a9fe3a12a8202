nft -f - <<'N'
table ip filter {
  chain forward {
    type filter hook forward priority filter; policy drop;
    ct state established,related accept
    ct status dnat accept
    iifname "lan" accept
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
