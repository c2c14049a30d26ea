#pragma once

#include <string_view>
#include <vector>

#include "services/gateway/bounces/delivery_status.h"

// Bounces from before RFC 3464, which qmail and older versions of Exim write. Only texts whose form
// is documented are read: guessing would take the words of people for bounces.
namespace lmsmail::gateway {

// The recipients that failed, or none if this is no such bounce. `text` is the body of a message
// with this header.
std::vector<RecipientStatus> ParseClassicBounce(const Fields& header, std::string_view text);

}  // namespace lmsmail::gateway
