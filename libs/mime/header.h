#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/time/time.h"

#include "libs/address/email_address.h"

// Writes header fields in their wire format: 7-bit, folded at 78 characters where a field may be
// folded (RFC 5322 section 2.2.3). The functions do not check their input; see validation.h.
namespace lmsmail::mime {

// Whether the grammar of a field that callers may add forbids encoded-words.
bool IsStructured(std::string_view field_name);

// Appends one header field to a buffer. The destructor ends the line.
class HeaderField {
 public:
  HeaderField(std::string_view name, std::string& out);
  ~HeaderField();
  HeaderField(const HeaderField&) = delete;
  HeaderField& operator=(const HeaderField&) = delete;

  // Neither folds nor encodes.
  void Append(std::string_view text) { out_.append(text); }
  // Appends a token, on the next line when this one is full. Must not be the first token of a
  // field: some receivers take "Name:" alone on a line for an empty field.
  void AppendFoldable(std::string_view token, std::size_t line_limit);
  // Printable ASCII, folded at its spaces only.
  void AppendPlain(std::string_view text);
  // UTF-8 as encoded-words (RFC 2047), "B" or "Q", whichever is shorter. Never splits a character.
  void AppendEncodedWords(std::string_view text);
  // Free text: plain when receivers decode it to itself, otherwise encoded-words.
  void AppendUnstructured(std::string_view text);
  // "name <local@domain>", the name as atoms, quoted or as encoded-words (RFC 5322 section 3.4).
  void AppendMailbox(const address::Mailbox& mailbox);
  // In UTC, in the format of RFC 5322 section 3.3, with English names in every locale.
  void AppendDate(absl::Time time);

 private:
  std::size_t Column() const { return out_.size() - line_start_; }
  void Fold();

  std::string& out_;
  std::size_t line_start_;
};

// The longest word that AppendPlain accepts, so that a line stays below 998 octets.
inline constexpr std::size_t kMaxPlainToken = 900;

}  // namespace lmsmail::mime
