#include "accounts.h"

#include <algorithm>
#include <charconv>

namespace {

constexpr uint32_t largestId = 0x7fffffff;

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(separator, begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

struct Account {
  std::string_view name;
  uint32_t uid;
  uint32_t gid;
  std::string_view home;
};

struct Group {
  std::string_view name;
  uint32_t gid;
  std::vector<std::string_view> members;
};

/** `name:password:uid:gid:comment:home:shell` */
std::optional<Account> parseAccount(std::string_view line) {
  const auto fields = split(line, ':');
  if (fields.size() < 6 || fields[0].empty()) return {};
  const auto uid = parseId(fields[2]), gid = parseId(fields[3]);
  if (!uid || !gid) return {};
  return Account{fields[0], *uid, *gid, fields[5]};
}

/** `name:password:gid:member,member` */
std::optional<Group> parseGroup(std::string_view line) {
  const auto fields = split(line, ':');
  if (fields.size() < 4 || fields[0].empty()) return {};
  const auto gid = parseId(fields[2]);
  if (!gid) return {};
  return Group{fields[0], *gid, split(fields[3], ',')};
}

template <typename Parse>
auto parseLines(std::string_view text, Parse parse) {
  std::vector<typename decltype(parse(text))::value_type> all;
  for (const std::string_view line : split(text, '\n')) {
    if (auto entry = parse(line)) all.push_back(*entry);
  }
  return all;
}

bool isNumber(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/** The first entry with that name or, for a number, that id. */
template <typename Entry>
const Entry* find(const std::vector<Entry>& entries, std::string_view word, uint32_t Entry::*id) {
  const auto number = parseId(word);
  const auto entry = std::ranges::find_if(entries, [&](const Entry& each) {
    return each.name == word || (number && each.*id == *number);
  });
  return entry == entries.end() ? nullptr : &*entry;
}

Outcome unknown(const char* call, std::string_view word) {
  return isNumber(word) ? refused(ERANGE, call, word) : refused(ENOENT, call, word);
}

/** A group by name or number, listed or, if a number, not. */
Outcome findGroup(const std::vector<Group>& groups, std::string_view word, uint32_t& gid) {
  const Group* group = find(groups, word, &Group::gid);
  const auto number = parseId(word);
  if (group == nullptr && !number) return unknown("group", word);
  gid = group != nullptr ? group->gid : *number;
  return done;
}

void add(std::vector<uint32_t>& groups, uint32_t gid) {
  if (std::ranges::find(groups, gid) == groups.end()) groups.push_back(gid);
}

}  // namespace

std::optional<uint32_t> parseId(std::string_view text) {
  uint32_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (!isNumber(text) || error != std::errc() || end != text.data() + text.size() || id > largestId) return {};
  return id;
}

Outcome findIdentity(std::string_view passwd, std::string_view group, std::string_view spec, const std::vector<char*>& more,
                     Identity& identity) {
  const auto accounts = parseLines(passwd, parseAccount);
  const auto groups = parseLines(group, parseGroup);
  const size_t colon = spec.find(':');
  const std::string_view userWord = spec.substr(0, colon).empty() ? "0" : spec.substr(0, colon);
  const std::string_view groupWord = colon == std::string_view::npos ? "" : spec.substr(colon + 1);

  const Account* account = find(accounts, userWord, &Account::uid);
  const auto number = parseId(userWord);
  if (account == nullptr && !number) return unknown("passwd", userWord);
  identity.uid = account != nullptr ? account->uid : *number;
  identity.gid = account != nullptr ? account->gid : 0;
  if (account != nullptr && !account->home.empty()) identity.home = account->home;
  if (!groupWord.empty()) {
    if (Outcome failure = findGroup(groups, groupWord, identity.gid)) return failure;
  }
  add(identity.groups, identity.gid);
  for (const Group& each : groups) {
    const bool member = account != nullptr && std::ranges::find(each.members, account->name) != each.members.end();
    if (groupWord.empty() && member) add(identity.groups, each.gid);
  }
  for (const char* word : more) {
    uint32_t gid = 0;
    if (Outcome failure = findGroup(groups, word, gid)) return failure;
    add(identity.groups, gid);
  }
  return done;
}
