// Whether an image may have an overlay of ours, found out without decoding it.
//
//   if (may_have_overlay(descriptor)) … read_tail(descriptor) …
//
// An overlay begins with the member `kip` (tail.h), raw or compressed by a method that write_overlay() knows. So every
// place that looks like such a beginning is looked into, and no other. Decoding 100 MB only to find that there is nothing
// to be dropped would cost a run that has nothing to do more than copying the image does.
#pragma once

namespace kip::image {

/// False only if there is surely none, or the image cannot be read.
bool may_have_overlay(int descriptor);

}  // namespace kip::image
