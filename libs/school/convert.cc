#include "libs/school/convert.h"

#include <fmt/format.h>

#include "libs/etag/etag.h"
#include "libs/protobuf/time.h"

namespace lmsmail::school {

School FromProto(const preference::v1::School& proto) {
  return {.display_name = proto.display_name(),
          .url = proto.url(),
          .postal_address = proto.postal_address(),
          .language_code = proto.language_code(),
          .time_zone = proto.time_zone(),
          .logo_url = proto.logo_url(),
          .color = proto.color(),
          .reply_to = proto.reply_to(),
          .support_address = proto.support_address(),
          .reports_after_leaving = proto.reports_after_leaving()};
}

preference::v1::School ToProto(const School& school) {
  preference::v1::School proto;
  proto.set_name("school");
  proto.set_display_name(school.display_name);
  proto.set_url(school.url);
  proto.set_postal_address(school.postal_address);
  proto.set_language_code(school.language_code);
  proto.set_time_zone(school.time_zone);
  proto.set_logo_url(school.logo_url);
  proto.set_color(school.color);
  proto.set_reply_to(school.reply_to);
  proto.set_support_address(school.support_address);
  proto.set_reports_after_leaving(school.reports_after_leaving);
  *proto.mutable_update_time() = protobuf::ToProto(school.update_time);
  proto.set_etag(etag::Make(fmt::format("school/{}", school.revision)));
  return proto;
}

}  // namespace lmsmail::school
