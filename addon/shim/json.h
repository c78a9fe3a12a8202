#pragma once
#include <string>
#include <string_view>

/** Length of the valid UTF-8 character that `text` begins with, 0 when it begins with none (Unicode 16, table 3-7). */
size_t characterBytes(std::string_view text);

/** Appends `text` as the inside of a JSON string. A byte that is no UTF-8 becomes U+FFFD, as Docker's json-file has it. */
void appendEscaped(std::string& json, std::string_view text);
