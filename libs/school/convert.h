#pragma once

#include "libs/school/school.h"
#include "lmsmail/preference/v1/preference_service.pb.h"

namespace lmsmail::school {

// The fields that callers set; the others are output only.
School FromProto(const preference::v1::School& proto);
preference::v1::School ToProto(const School& school);

}  // namespace lmsmail::school
