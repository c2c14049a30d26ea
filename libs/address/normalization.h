#pragma once

#include <string>
#include <string_view>

// Unicode for addresses and names of people.
namespace lmsmail::address {

// Spaces of every width, without line and paragraph separators.
bool IsSpace(char32_t c);
// Line separators, direction marks, joiners and non-characters.
bool IsInvisible(char32_t c);
// Joiners are invisible too, but some scripts and emoji need them.
bool IsJoiner(char32_t c);

// `text`, which must be UTF-8, in NFC and lower case. Every character is lowered alone, without
// regard to a language: "STRASSE" and "straße" differ. Idempotent.
std::string FoldCase(std::string_view text);

// `text` without invisible characters, which names get when they are copied from web pages and
// spreadsheets. Joiners stay between two characters that are not ASCII. Text that is not UTF-8 is
// returned as it is.
std::string WithoutInvisible(std::string_view text);

}  // namespace lmsmail::address
