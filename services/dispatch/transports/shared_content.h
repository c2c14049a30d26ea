#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "services/dispatch/transports/mail_parts.h"

// Providers take one content for many recipients and replace tags in it by values of each
// recipient. Our mails are rendered one by one, so what they share is found afterwards: each
// personal value is replaced by a tag, and mails whose content is then the same can share a
// request. Replacing the tags gives the rendered content again, whatever the values are.
namespace lmsmail::dispatch {

// How a provider writes a tag: "%recipient.v1%" between "%recipient.v" and "%". No end of `after`
// may begin `before` without its first character.
struct TagStyle {
  std::string_view before;
  std::string_view after;
};

struct Substitution {
  std::string name;  // "1": what stands between the ends of the tag
  std::string value;
};

struct SharedBody {
  std::string text;
  std::string html;

  bool operator==(const SharedBody&) const = default;
};

struct SharedContent {
  std::shared_ptr<const SharedBody> body;   // never null; mails that wait together have one
  std::vector<Substitution> substitutions;  // of the tags that occur
};

// Returns the content as it is when it has text that looks like a tag. A value that HTML escapes
// has two tags, one with its escaped form.
SharedContent ShareContent(const MailParts& parts, TagStyle style);

// The content of a request with several mails, in which the values that all of them have stand
// instead of their tags.
struct RequestContent {
  SharedBody body;
  std::vector<bool> is_own;  // whether a substitution is left, by its index in every mail
};

// `contents` have equal bodies, and therefore the same tags in the same order.
RequestContent InlineCommonValues(std::span<const SharedContent* const> contents, TagStyle style);

std::string TagOf(const Substitution& substitution, TagStyle style);

}  // namespace lmsmail::dispatch
