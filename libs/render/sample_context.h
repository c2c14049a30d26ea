#pragma once

#include <google/protobuf/struct.pb.h>

#include "libs/render/schema.h"

namespace lmsmail::render {

// Builds a context from the declared samples, for previews without a context. Lists have two items.
// A variable without a sample gets a placeholder: "[user.first_name]", 1, true,
// https://example.com/.
google::protobuf::Struct SampleContext(const Schema& root);

}  // namespace lmsmail::render
