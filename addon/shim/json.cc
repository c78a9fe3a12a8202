#include "json.h"

namespace {

unsigned char byteAt(std::string_view text, size_t index) { return static_cast<unsigned char>(text[index]); }

size_t announcedBytes(unsigned char first) {
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return 2;
  if (first >= 0xe0 && first <= 0xef) return 3;
  return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}

/** The second byte alone rules out overlong forms, surrogates and what lies beyond U+10FFFF. */
bool secondByteFits(unsigned char first, unsigned char second) {
  const unsigned char least = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
  const unsigned char most = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
  return second >= least && second <= most;
}

void appendControl(std::string& json, unsigned char control) {
  static constexpr char digits[] = "0123456789abcdef";
  if (control == '\n') json += "\\n";
  else if (control == '\r') json += "\\r";
  else if (control == '\t') json += "\\t";
  else (json += "\\u00") += {digits[control >> 4], digits[control & 15]};
}

bool isPlain(unsigned char byte) { return byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\'; }

size_t plainBytes(std::string_view text) {
  size_t count = 0;
  while (count < text.size() && isPlain(byteAt(text, count))) count++;
  return count;
}

}  // namespace

size_t characterBytes(std::string_view text) {
  if (text.empty()) return 0;
  const size_t bytes = announcedBytes(byteAt(text, 0));
  if (bytes < 2) return bytes;
  if (text.size() < bytes || !secondByteFits(byteAt(text, 0), byteAt(text, 1))) return 0;
  for (size_t i = 2; i < bytes; i++) {
    if ((byteAt(text, i) & 0xc0) != 0x80) return 0;
  }
  return bytes;
}

void appendEscaped(std::string& json, std::string_view text) {
  while (!text.empty()) {
    const size_t plain = plainBytes(text);
    json += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) return;
    const size_t bytes = characterBytes(text);
    if (bytes == 0) json += "\\ufffd";
    else if (bytes > 1 || text[0] == 0x7f) json += text.substr(0, bytes);
    else if (text[0] == '"' || text[0] == '\\') (json += '\\') += text[0];
    else appendControl(json, byteAt(text, 0));
    text.remove_prefix(bytes == 0 ? 1 : bytes);
  }
}
