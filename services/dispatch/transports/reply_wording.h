#pragma once

#include <string>
#include <string_view>

// Phrases of refusals, for replies whose codes do not tell what they mean.
namespace lmsmail::dispatch {

// `text` without the addresses in it, which concern one recipient, for texts that are shown with
// other mail.
std::string WithoutAddresses(std::string_view text);

// The text of a refusal, prepared for the search of phrases.
class ReplyWording {
 public:
  explicit ReplyWording(std::string_view text);

  // The recipient's server asks to come back, although the code is permanent.
  bool SaysLater() const;
  bool SaysGreylisted() const;
  // The quota of a day, an hour or a plan is used up.
  bool SaysQuotaUsedUp() const;
  // Something is wrong with us: relaying, authentication, the sender's address or domain,
  // reputation, the account.
  bool BlamesSender() const;
  bool BlamesContent() const;
  // Blames the content too, unless the text also names us: a reputation makes spam of any mail.
  bool SaysSpam() const;
  bool BlamesSize() const;
  bool BlamesRecipient() const;
  // The provider keeps a list of whom the recipient does not want mail from.
  bool SaysUnwanted() const;
  // The address does not exist, or its mailbox is closed for good.
  bool SaysAddressDead() const;

 private:
  bool HasAny(const auto& phrases) const;

  std::string text_;  // lower case, one space between words, without addresses
};

}  // namespace lmsmail::dispatch
