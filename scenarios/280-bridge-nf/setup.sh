nft -f - <<'N'
table ip filter {
  chain forward {
    type filter hook forward priority filter; policy drop;
    ct state established,related accept
    iifname "dmz" oifname "lan" tcp dport 22 accept
  }
}
N
