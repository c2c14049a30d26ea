#include "services/dispatch/claiming/retention_config.h"

#include <fmt/format.h>

#include "services/dispatch/message/category_list.h"

namespace lmsmail::dispatch {
namespace {

// Servers report what bounced for up to a week, and PurgeLogs keeps a week too.
constexpr config::Range<absl::Duration> kRange = {absl::Hours(24 * 7), absl::Hours(24 * 3650)};

}  // namespace

void RetentionConfig::Declare(config::Group keys) {
  keys.Duration(
      "content", &content,
      "How long the log keeps the personal content of mail that has ended, from the day on "
      "which it was due: its context, the address of a mail to a bare address, and what "
      "servers and providers answered. Then RetryMessage is refused.",
      kRange);
  keys.Duration(
      "outcomes", &outcomes,
      "How long the log keeps what became of a mail, without its content, and the keys by "
      "which a repeated call is recognized; up to 8 days longer, because days leave the "
      "log together.",
      kRange);
  keys.Section("categories", [this](const std::string& name, config::Group entry) {
    entry.Duration("content", &category_content.emplace(name, content).first->second,
                   "Instead of retention.content, for mail of this category.", kRange);
  });
}

void RetentionConfig::Check(Violations& violations) const {
  const auto check = [&](std::string key, absl::Duration kept) {
    if (kept <= outcomes) return;
    violations.Add(std::move(key),
                   "must not be longer than retention.outcomes, with which all of a mail leaves");
  };
  check("retention.content", content);
  for (const auto& [name, kept] : category_content) {
    const std::string key = fmt::format("retention.categories.{}", name);
    CheckCategories({name}, key, violations);
    check(key + ".content", kept);
  }
}

Retention RetentionConfig::ToRetention() const {
  Retention retention{.content = {}, .outcomes = outcomes};
  for (const Category category : kCategories) {
    const auto own = category_content.find(std::string(NameOf(category)));
    retention.content[category] = own == category_content.end() ? content : own->second;
  }
  return retention;
}

}  // namespace lmsmail::dispatch
