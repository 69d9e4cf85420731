// Eight double-precision numbers side by side, in as many registers as the instruction set needs.
//
// Every branch does the same sums, products and quotients in the same order, so that all give the same bits.

#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(KERNEL_AVX512) || defined(KERNEL_AVX2)
#include <immintrin.h>
#elif defined(KERNEL_SSE2)
#include <emmintrin.h>
#endif

namespace {

// 1.5 * 2^52: the last bits of a number that this was added to are the number's whole part.
constexpr double WHOLE = 6755399441055744.0;
constexpr int64_t EXPONENT = 0x4338000000000000 - 1023, MANTISSA = 0x000fffffffffffff, ONE = 0x3ff0000000000000;

// `above` tells whether any is above 0. `pick` is x where a < b, else y. `two_to` is 2^k of k + WHOLE. `exponent` is k + WHOLE, and `mantissa` m, of a number
// 2^k m with 1 <= m < 2.

#if defined(KERNEL_AVX512)

constexpr int WIDTH = 8;
using Register = __m512d;
inline Register load(const double* from) { return _mm512_loadu_pd(from); }
inline void store(double* to, Register value) { _mm512_storeu_pd(to, value); }
inline Register all(double value) { return _mm512_set1_pd(value); }
inline Register add(Register a, Register b) { return _mm512_add_pd(a, b); }
inline Register less(Register a, Register b) { return _mm512_sub_pd(a, b); }
inline Register times(Register a, Register b) { return _mm512_mul_pd(a, b); }
inline Register over(Register a, Register b) { return _mm512_div_pd(a, b); }
inline Register most(Register a, Register b) { return _mm512_max_pd(a, b); }
inline Register fewest(Register a, Register b) { return _mm512_min_pd(a, b); }
inline bool above(Register a) { return _mm512_cmp_pd_mask(a, _mm512_setzero_pd(), _CMP_GT_OQ) != 0; }
inline Register pick(Register a, Register b, Register x, Register y) {
    return _mm512_mask_blend_pd(_mm512_cmp_pd_mask(a, b, _CMP_LT_OQ), y, x);
}
inline Register two_to(Register whole) {
    const __m512i bits = _mm512_add_epi64(_mm512_castpd_si512(whole), _mm512_set1_epi64(1023));
    return _mm512_castsi512_pd(_mm512_slli_epi64(bits, 52));
}
inline Register exponent(Register value) {
    const __m512i bits = _mm512_srli_epi64(_mm512_castpd_si512(value), 52);
    return _mm512_castsi512_pd(_mm512_add_epi64(bits, _mm512_set1_epi64(EXPONENT)));
}
inline Register mantissa(Register value) {
    const __m512i bits = _mm512_and_si512(_mm512_castpd_si512(value), _mm512_set1_epi64(MANTISSA));
    return _mm512_castsi512_pd(_mm512_or_si512(bits, _mm512_set1_epi64(ONE)));
}

#elif defined(KERNEL_AVX2)

constexpr int WIDTH = 4;
using Register = __m256d;
inline Register load(const double* from) { return _mm256_loadu_pd(from); }
inline void store(double* to, Register value) { _mm256_storeu_pd(to, value); }
inline Register all(double value) { return _mm256_set1_pd(value); }
inline Register add(Register a, Register b) { return _mm256_add_pd(a, b); }
inline Register less(Register a, Register b) { return _mm256_sub_pd(a, b); }
inline Register times(Register a, Register b) { return _mm256_mul_pd(a, b); }
inline Register over(Register a, Register b) { return _mm256_div_pd(a, b); }
inline Register most(Register a, Register b) { return _mm256_max_pd(a, b); }
inline Register fewest(Register a, Register b) { return _mm256_min_pd(a, b); }
inline bool above(Register a) {
    return _mm256_movemask_pd(_mm256_cmp_pd(a, _mm256_setzero_pd(), _CMP_GT_OQ)) != 0;
}
inline Register pick(Register a, Register b, Register x, Register y) {
    return _mm256_blendv_pd(y, x, _mm256_cmp_pd(a, b, _CMP_LT_OQ));
}
inline Register two_to(Register whole) {
    const __m256i bits = _mm256_add_epi64(_mm256_castpd_si256(whole), _mm256_set1_epi64x(1023));
    return _mm256_castsi256_pd(_mm256_slli_epi64(bits, 52));
}
inline Register exponent(Register value) {
    const __m256i bits = _mm256_srli_epi64(_mm256_castpd_si256(value), 52);
    return _mm256_castsi256_pd(_mm256_add_epi64(bits, _mm256_set1_epi64x(EXPONENT)));
}
inline Register mantissa(Register value) {
    const __m256i bits = _mm256_and_si256(_mm256_castpd_si256(value), _mm256_set1_epi64x(MANTISSA));
    return _mm256_castsi256_pd(_mm256_or_si256(bits, _mm256_set1_epi64x(ONE)));
}

#elif defined(KERNEL_SSE2)

constexpr int WIDTH = 2;
using Register = __m128d;
inline Register load(const double* from) { return _mm_loadu_pd(from); }
inline void store(double* to, Register value) { _mm_storeu_pd(to, value); }
inline Register all(double value) { return _mm_set1_pd(value); }
inline Register add(Register a, Register b) { return _mm_add_pd(a, b); }
inline Register less(Register a, Register b) { return _mm_sub_pd(a, b); }
inline Register times(Register a, Register b) { return _mm_mul_pd(a, b); }
inline Register over(Register a, Register b) { return _mm_div_pd(a, b); }
inline Register most(Register a, Register b) { return _mm_max_pd(a, b); }
inline Register fewest(Register a, Register b) { return _mm_min_pd(a, b); }
inline bool above(Register a) { return _mm_movemask_pd(_mm_cmpgt_pd(a, _mm_setzero_pd())) != 0; }
inline Register pick(Register a, Register b, Register x, Register y) {
    const Register less_than = _mm_cmplt_pd(a, b);
    return _mm_or_pd(_mm_and_pd(less_than, x), _mm_andnot_pd(less_than, y));
}
inline Register two_to(Register whole) {
    const __m128i bits = _mm_add_epi64(_mm_castpd_si128(whole), _mm_set1_epi64x(1023));
    return _mm_castsi128_pd(_mm_slli_epi64(bits, 52));
}
inline Register exponent(Register value) {
    const __m128i bits = _mm_srli_epi64(_mm_castpd_si128(value), 52);
    return _mm_castsi128_pd(_mm_add_epi64(bits, _mm_set1_epi64x(EXPONENT)));
}
inline Register mantissa(Register value) {
    const __m128i bits = _mm_and_si128(_mm_castpd_si128(value), _mm_set1_epi64x(MANTISSA));
    return _mm_castsi128_pd(_mm_or_si128(bits, _mm_set1_epi64x(ONE)));
}

#else

// Loops of fixed length, which compilers turn into what the processor has: NEON, for one.
constexpr int WIDTH = 2;
struct Register {
    double lane[WIDTH];
};
inline Register load(const double* from) {
    Register value;
    std::memcpy(value.lane, from, sizeof value.lane);
    return value;
}
inline void store(double* to, Register value) { std::memcpy(to, value.lane, sizeof value.lane); }
inline Register all(double value) { return {{value, value}}; }
inline Register add(Register a, Register b) { return {{a.lane[0] + b.lane[0], a.lane[1] + b.lane[1]}}; }
inline Register less(Register a, Register b) { return {{a.lane[0] - b.lane[0], a.lane[1] - b.lane[1]}}; }
inline Register times(Register a, Register b) { return {{a.lane[0] * b.lane[0], a.lane[1] * b.lane[1]}}; }
inline Register over(Register a, Register b) { return {{a.lane[0] / b.lane[0], a.lane[1] / b.lane[1]}}; }
inline Register most(Register a, Register b) {
    return {{a.lane[0] > b.lane[0] ? a.lane[0] : b.lane[0], a.lane[1] > b.lane[1] ? a.lane[1] : b.lane[1]}};
}
inline Register fewest(Register a, Register b) {
    return {{a.lane[0] < b.lane[0] ? a.lane[0] : b.lane[0], a.lane[1] < b.lane[1] ? a.lane[1] : b.lane[1]}};
}
inline bool above(Register a) { return a.lane[0] > 0 || a.lane[1] > 0; }
inline Register pick(Register a, Register b, Register x, Register y) {
    return {{a.lane[0] < b.lane[0] ? x.lane[0] : y.lane[0], a.lane[1] < b.lane[1] ? x.lane[1] : y.lane[1]}};
}
inline void bits_of(Register value, int64_t (&bits)[WIDTH]) { std::memcpy(bits, value.lane, sizeof value.lane); }
inline Register of_bits(const int64_t (&bits)[WIDTH]) {
    Register value;
    std::memcpy(value.lane, bits, sizeof value.lane);
    return value;
}
inline Register two_to(Register whole) {
    int64_t bits[WIDTH];
    bits_of(whole, bits);
    for (int64_t& one : bits) one = static_cast<int64_t>(static_cast<uint64_t>(one + 1023) << 52);
    return of_bits(bits);
}
inline Register exponent(Register value) {
    int64_t bits[WIDTH];
    bits_of(value, bits);
    for (int64_t& one : bits) one = static_cast<int64_t>(static_cast<uint64_t>(one) >> 52) + EXPONENT;
    return of_bits(bits);
}
inline Register mantissa(Register value) {
    int64_t bits[WIDTH];
    bits_of(value, bits);
    for (int64_t& one : bits) one = (one & MANTISSA) | ONE;
    return of_bits(bits);
}

#endif

// Ask for what will be needed soon; it may lie beyond the end.
inline void fetch(const void* from) {
#if defined(__GNUC__) || defined(__clang__)
    __builtin_prefetch(from);
#elif defined(KERNEL_AVX512) || defined(KERNEL_AVX2) || defined(KERNEL_SSE2)
    _mm_prefetch(static_cast<const char*>(from), _MM_HINT_T0);
#else
    (void)from;
#endif
}

constexpr int EIGHT = 8;
constexpr int REGISTERS = EIGHT / WIDTH;

struct Eight {
    Register part[REGISTERS];
};

inline Eight get(const double* from) {
    Eight found;
    for (int i = 0; i < REGISTERS; ++i) found.part[i] = load(from + i * WIDTH);
    return found;
}
inline void put(double* to, const Eight& value) {
    for (int i = 0; i < REGISTERS; ++i) store(to + i * WIDTH, value.part[i]);
}
inline Eight alike(double value) {
    Eight found;
    for (int i = 0; i < REGISTERS; ++i) found.part[i] = all(value);
    return found;
}
inline Eight operator+(const Eight& a, const Eight& b) {
    Eight found;
    for (int i = 0; i < REGISTERS; ++i) found.part[i] = add(a.part[i], b.part[i]);
    return found;
}
inline Eight operator-(const Eight& a, const Eight& b) {
    Eight found;
    for (int i = 0; i < REGISTERS; ++i) found.part[i] = less(a.part[i], b.part[i]);
    return found;
}
inline Eight operator*(const Eight& a, const Eight& b) {
    Eight found;
    for (int i = 0; i < REGISTERS; ++i) found.part[i] = times(a.part[i], b.part[i]);
    return found;
}
inline Eight operator/(const Eight& a, const Eight& b) {
    Eight found;
    for (int i = 0; i < REGISTERS; ++i) found.part[i] = over(a.part[i], b.part[i]);
    return found;
}
inline Eight greater(const Eight& a, const Eight& b) {
    Eight found;
    for (int i = 0; i < REGISTERS; ++i) found.part[i] = most(a.part[i], b.part[i]);
    return found;
}

inline Eight fewer(const Eight& a, const Eight& b) {
    Eight found;
    for (int i = 0; i < REGISTERS; ++i) found.part[i] = fewest(a.part[i], b.part[i]);
    return found;
}
// Whether any is above 0.
inline bool any(const Eight& value) {
    bool found = false;
    for (int i = 0; i < REGISTERS; ++i) found = found || above(value.part[i]);
    return found;
}
// x where a < b, else y.
inline Eight pick(const Eight& a, const Eight& b, const Eight& x, const Eight& y) {
    Eight found;
    for (int i = 0; i < REGISTERS; ++i) found.part[i] = pick(a.part[i], b.part[i], x.part[i], y.part[i]);
    return found;
}
inline Eight two_to(const Eight& whole) {
    Eight found;
    for (int i = 0; i < REGISTERS; ++i) found.part[i] = two_to(whole.part[i]);
    return found;
}
inline Eight exponent(const Eight& value) {
    Eight found;
    for (int i = 0; i < REGISTERS; ++i) found.part[i] = exponent(value.part[i]);
    return found;
}
inline Eight mantissa(const Eight& value) {
    Eight found;
    for (int i = 0; i < REGISTERS; ++i) found.part[i] = mantissa(value.part[i]);
    return found;
}

// The last numbers of a row, which may be fewer than eight: zeros take the place of the others.
inline Eight get(const double* from, std::ptrdiff_t count) {
    if (count >= EIGHT) return get(from);
    double some[EIGHT] = {};
    for (std::ptrdiff_t i = 0; i < count; ++i) some[i] = from[i];
    return get(some);
}
inline void put(double* to, const Eight& value, std::ptrdiff_t count) {
    if (count >= EIGHT) return put(to, value);
    double some[EIGHT];
    put(some, value);
    for (std::ptrdiff_t i = 0; i < count; ++i) to[i] = some[i];
}

inline double sum(const Eight& value) {
    double of[EIGHT];
    put(of, value);
    return ((of[0] + of[1]) + (of[2] + of[3])) + ((of[4] + of[5]) + (of[6] + of[7]));
}

}  // namespace
