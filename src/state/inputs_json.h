// Inputs as JSON, each thing written and read side by side. Behind manifest.h.
#pragma once

#include "src/state/inputs.h"
#include "src/state/json_fields.h"

namespace kip::state::detail {

Json inputs_json(const Inputs& inputs);
Inputs read_inputs(const Fields& in);

Json update_json(const UpdateInput& update);
UpdateInput read_update(const Fields& in);

void add_stamp(Json& json, const Stamp& stamp);
Stamp read_stamp(const Fields& in);

}  // namespace kip::state::detail
