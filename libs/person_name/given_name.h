#pragma once

#include <string>
#include <string_view>

namespace lmsmail::person_name {

// The name to greet a person by, from her full name as people write it: "Amira" for "Amira Haddad",
// "Haddad, Amira", "HADDAD Amira" and "Dr. Amira Haddad, PhD". A name in Han, Hangul or Kana is
// used as a whole. Empty when it is not certain: for an address, a user name, initials, or a title
// with one word, which is a family name ("Dr. Albrecht"). Does not depend on a language.
std::string GivenNameOf(std::string_view full_name);

// Whether `given_name`, as somebody entered it, is no name: empty, an address or titles alone.
bool IsNoName(std::string_view given_name);

}  // namespace lmsmail::person_name
