# on: r1
nft -f - <<'N'
table ip filter {
  chain forward {
    type filter hook forward priority filter;
    tcp dport 80 ct count over 4 drop
  }
}
N
# on: greedy
bash greedy.sh >/dev/null 2>&1 </dev/null &
for try in $(seq 200); do
  test "$(grep -c one /run/lab/greedy.has 2>/dev/null)" -ge 4 && break
  sleep 0.05
done
