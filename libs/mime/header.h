#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/time/time.h"

#include "libs/address/email_address.h"

// Header fields as octets on the wire: 7-bit, folded at 78 characters where a field may be folded
// (RFC 5322 section 2.2.3). These write what they are given; validation.h says what may be given.
namespace lmsmail::mime {

// Whether the field's grammar has no room for encoded-words, among those that callers may add.
bool IsStructured(std::string_view field_name);

// One header field, written to the end of a buffer; its destructor ends the line.
class HeaderField {
 public:
  HeaderField(std::string_view name, std::string& out);
  ~HeaderField();
  HeaderField(const HeaderField&) = delete;
  HeaderField& operator=(const HeaderField&) = delete;

  // As it is, wherever the line stands.
  void Append(std::string_view text) { out_.append(text); }
  // A token that may go to the next line when this one is full. Never the first of a field: some
  // receivers take "Name:" alone on a line for an empty field.
  void AppendFoldable(std::string_view token, std::size_t line_limit);
  // Printable ASCII, folded at its spaces only.
  void AppendPlain(std::string_view text);
  // UTF-8 as encoded-words of RFC 2047, "B" or "Q", whichever is shorter; no character is split.
  void AppendEncodedWords(std::string_view text);
  // Free text: plain if it reads back as itself when plain, otherwise encoded-words.
  void AppendUnstructured(std::string_view text);
  // "name <local@domain>", the name as atoms, quoted or as encoded-words (RFC 5322 section 3.4).
  void AppendMailbox(const address::Mailbox& mailbox);
  // In UTC: the form of RFC 5322 section 3.3, whose names are English in every locale.
  void AppendDate(absl::Time time);

 private:
  std::size_t Column() const { return out_.size() - line_start_; }
  void Fold();

  std::string& out_;
  std::size_t line_start_;
};

// The longest run without a space that AppendPlain can take and stay below 998 octets a line.
inline constexpr std::size_t kMaxPlainToken = 900;

}  // namespace lmsmail::mime
