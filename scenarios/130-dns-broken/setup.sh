tnet network create --subnet 172.30.5.0/24 shop >/dev/null
tnet run -d --name pay --network shop --ip 172.30.5.20 host sleep 3600 >/dev/null &
tnet run -d --name cart --network shop --ip 172.30.5.10 host sleep 3600 >/dev/null
wait
# Somebody hardened cart's stack with what he found on the internet: no mail, no IRC, no tunnels through DNS.
nsenter --net=/proc/$(tnet inspect --format '{{.State.Pid}}' cart)/ns/net nft -f - <<'RULES'
table inet hardening {
  chain outgoing {
    type filter hook output priority -310; policy accept;
    tcp dport 25 drop comment "no mail"
    tcp dport 6667 drop comment "no irc"
    udp dport 53 drop comment "no tunnels"
    tcp dport 53 reject comment "no tunnels"
  }
}
RULES
