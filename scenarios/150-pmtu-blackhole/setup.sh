# "ICMP is dangerous", somebody at the provider's has read.
# on: isp
nft -f - <<'N'
table inet filter {
  chain output {
    type filter hook output priority filter;
    icmp type destination-unreachable drop
  }
}
N
