#pragma once

#include <string>
#include <string_view>

namespace lmsmail::unicode {

// The one spelling of a key: without white space around it, in Unicode's form NFC. `key` is UTF-8.
std::string NormalizeKey(std::string_view key);

// Whether NormalizeKey() would change nothing. Quick for ASCII; may be false for other text.
bool IsPlainKey(std::string_view key);

}  // namespace lmsmail::unicode
