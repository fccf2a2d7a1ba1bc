// Division by multiplication, on both sides of 2^32.
#include "check.h"
#include "cuda/divider.h"

using compiled::cuda::Divider;

namespace {

void test_dividend(const Divider& divider, uint32_t divisor, int64_t n) {
    int64_t quotient = n;
    uint32_t remainder = divider.take(quotient);
    CHECK(quotient == n / divisor && remainder == n % divisor);
    if (n <= UINT32_MAX) {
        Divider::Result result = divider.divide(static_cast<uint32_t>(n));
        CHECK(result.quotient == n / divisor && result.remainder == n % divisor);
    }
}

// Around multiples of the divisor, where a quotient changes, up to the largest dividends.
void test_divisor(int64_t divisor) {
    Divider divider(divisor);
    for (int64_t around : {int64_t{0}, int64_t{1} << 16, int64_t{1} << 31, int64_t{UINT32_MAX}, int64_t{1} << 33, int64_t{1} << 51}) {
        int64_t multiple = around / divisor * divisor;
        for (int64_t n : {around, multiple, multiple - 1, multiple + 1, multiple + divisor - 1, multiple + divisor}) {
            if (n >= 0) {
                test_dividend(divider, static_cast<uint32_t>(divisor), n);
            }
        }
    }
}

} // namespace

int main() {
    for (int64_t divisor = 1; divisor < 2000; ++divisor) {
        test_divisor(divisor);
    }
    for (int bit = 11; bit < 31; ++bit) {
        for (int64_t offset = -2; offset <= 2; ++offset) {
            test_divisor((int64_t{1} << bit) + offset);
        }
    }
    test_divisor(0x7FFFFFFF);
    return check::result();
}
