#include "services/dispatch/rendering/provided_context.h"

#include <memory>
#include <string_view>

namespace lmsmail::dispatch {
namespace {

using google::protobuf::Struct;
using render::Object;

void Put(Object& fields, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  render::Field& field = *fields.add_fields();
  field.set_name(name.data(), name.size());
  field.mutable_value()->set_string_value(value.data(), value.size());
}

// The id that the school's system gave the recipient; none for a bare address.
std::string_view UsernameOf(const Target& target) {
  constexpr std::string_view kRecipients = "recipients/";
  std::string_view name = target.value;
  if (target.kind != Target::Kind::kRecipient || !name.starts_with(kRecipients)) return "";
  name.remove_prefix(kRecipients.size());
  return name;
}

}  // namespace

void AddProvidedContext(const SiteIdentity& site, const Recipient& recipient, const Target& target,
                        Object& provided) {
  Put(provided, "postal_address", site.postal_address);
  Put(provided, "preferences_url", recipient.preferences_url);
  Put(provided, "site_color", site.color);
  Put(provided, "site_logo_url", site.logo_url);
  Put(provided, "site_name", site.name);
  Put(provided, "site_url", site.url);
  Put(provided, "support_address", site.support_address);
  Put(provided, "unsubscribe_url", recipient.unsubscribe_url);
  render::Field& field = *provided.add_fields();
  field.set_name("user");
  Object& user = *field.mutable_value()->mutable_struct_value();
  if (recipient.address) Put(user, "email", recipient.address->ToString());
  Put(user, "first_name", recipient.given_name);
  Put(user, "full_name", recipient.display_name);
  Put(user, "username", UsernameOf(target));
  render::SortFields(provided);
}

bool IsReserved(std::string_view name) {
  return name == "user" || name == "unsubscribe_url" || name == "preferences_url" ||
         name == "postal_address";
}

const Struct& SampleProvidedContext() {
  static const Struct& provided = *[] {
    Object all;
    AddProvidedContext({.name = "-",
                        .url = "https://-",
                        .postal_address = "-",
                        .domain = "-",
                        .logo_url = "https://-",
                        .color = "#000000",
                        .support_address = "-"},
                       {.address = address::EmailAddress{.local = "-", .domain = "-"},
                        .display_name = "-",
                        .given_name = "-",
                        .language_code = "-",
                        .time_zone = "",
                        .unsubscribe_url = "https://-",
                        .preferences_url = "https://-"},
                       {Target::Kind::kRecipient, "recipients/-"}, all);
    auto values = std::make_unique<Struct>(render::ToStruct(all));
    return values.release();  // never destroyed
  }();
  return provided;
}

}  // namespace lmsmail::dispatch
