# What a careful host has before anything is published: everybody may go out, nobody may come in.
nft -f - <<'N'
table ip filter {
  chain forward {
    type filter hook forward priority filter; policy drop;
    ct state established,related accept
    iifname "lan" oifname "up" accept
  }
}
table ip nat {
  chain postrouting {
    type nat hook postrouting priority srcnat;
    ip saddr 10.0.0.0/24 oifname "up" masquerade
  }
}
N
