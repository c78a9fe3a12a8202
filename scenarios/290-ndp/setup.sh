# on: web
nft -f - <<'RULES'
table ip6 filter {
  chain input {
    type filter hook input priority filter; policy drop;
    iifname "lo" accept
    ct state established,related accept
    tcp dport 80 accept
  }
}
RULES
