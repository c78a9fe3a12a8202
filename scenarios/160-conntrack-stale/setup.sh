# Yesterday.
nft -f - <<'N'
table ip filter {
  chain forward {
    type filter hook forward priority filter; policy drop;
    ct state established,related accept
    ct state new tcp flags & (syn | ack) != syn drop
    ct status dnat accept
  }
}
table ip nat {
  chain prerouting {
    type nat hook prerouting priority dstnat;
    ip daddr 203.0.113.1 udp dport 5000 dnat to 10.0.0.2
    ip daddr 203.0.113.1 tcp dport 2222 dnat to 10.0.0.4
  }
}
N
# on: meter
bash meter.sh >/dev/null 2>&1 </dev/null &
# on: admin
bash session.sh >/dev/null 2>&1 </dev/null &
# on: host
for try in $(seq 200); do
  meter=$(conntrack -L -p udp -s 203.0.113.20 -r 10.0.0.2 2>/dev/null)
  admin=$(conntrack -L -p tcp -s 203.0.113.30 --state ESTABLISHED 2>/dev/null)
  test -n "$meter" -a -n "$admin" && break
  sleep 0.05
done
# Today: "new" has taken over.
nft flush chain ip nat prerouting
nft add rule ip nat prerouting ip daddr 203.0.113.1 udp dport 5000 dnat to 10.0.0.3
nft add rule ip nat prerouting ip daddr 203.0.113.1 tcp dport 2222 dnat to 10.0.0.4
