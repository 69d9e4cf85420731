// The part of the kernel of pressure that works on vectors, compiled once for each instruction set: eight cells at a
// time.
//
// It uses no templates or inline functions of the standard library: their copies here, made for a newer processor,
// could be the ones that the linker keeps for all.

#include <math.h>

#include "_eight.hpp"
#include "_pressure.hpp"

namespace {

using pressure::Course;
using pressure::Found;
using pressure::People;
using pressure::Rates;
using pressure::Seen;
using std::ptrdiff_t;

constexpr double LN2_HIGH = 0x1.62e42fefa0000p-1, LN2_LOW = 0x1.cf79abc9e3b3ap-40;
constexpr double SMALLEST = 1e-300;
constexpr double LOWEST = -700.0;  // of an exponent
constexpr double SERIES = 0.17;    // as far as the series of the logarithm is used
constexpr int MOST_STRIKERS = 64;

// e^x for x <= 0, to the last bits: 2^k e^r with |r| <= ln 2 / 2, and Taylor's series.
inline Eight exponential(const Eight& x) {
    static const double factorials[] = {479001600.0, 39916800.0, 3628800.0, 362880.0, 40320.0, 5040.0,
                                        720.0,       120.0,      24.0,      6.0,      2.0};
    const Eight bounded = greater(x, alike(LOWEST));
    const Eight whole = bounded * alike(1.4426950408889634) + alike(WHOLE), k = whole - alike(WHOLE);
    const Eight r = (bounded - k * alike(LN2_HIGH)) - k * alike(LN2_LOW);
    Eight p = alike(1.0 / 6227020800.0);
    for (const double factorial : factorials) p = p * r + alike(1.0 / factorial);
    return (p * (r * r) + r + alike(1.0)) * two_to(whole);
}

// ln((1 + z) / (1 - z)) for |z| <= 0.172.
inline Eight series(const Eight& z) {
    static const double odd[] = {19.0, 17.0, 15.0, 13.0, 11.0, 9.0, 7.0, 5.0, 3.0};
    const Eight q = z * z;
    Eight p = alike(1.0 / 21.0);
    for (const double one : odd) p = p * q + alike(1.0 / one);
    return alike(2.0) * (z + z * q * p);
}

// ln x for x > 0 that is not subnormal: x = 2^k m with m around 1.
inline Eight logarithm(const Eight& x) {
    const Eight one = alike(1.0), root = alike(1.4142135623730951), m = mantissa(x);
    const Eight own = pick(root, m, alike(0.5) * m, m);
    const Eight k = (exponent(x) - alike(WHOLE)) + pick(root, m, one, alike(0.0));
    return k * alike(LN2_HIGH) + (series((own - one) / (own + one)) + k * alike(LN2_LOW));
}

inline double within(double value, double most) { return value < 0 ? 0.0 : value > most ? most : value; }

// Integral over a stretch of the larger of a falling, a rising and a constant value.
double threat_with(double falling, double rising, double constant, double length, double fall, double rise) {
    if (constant > 0) {
        const double to = falling > 0 ? within(log(falling / constant) / fall, length) : 0.0;
        const double from = rising > 0 ? within(length - log(rising / constant) / rise, length) : length;
        if (to < from)
            return falling * -expm1(-fall * to) / fall + constant * (from - to) +
                   rising * -expm1(-rise * (length - from)) / rise;
    }
    const double until = falling <= 0  ? 0.0
                         : rising <= 0 ? length
                                       : within((log(falling / rising) + rise * length) / (fall + rise), length);
    return falling * -expm1(-fall * until) / fall + rising * -expm1(-rise * (length - until)) / rise;
}

inline Eight threat_with(const Eight& falling, const Eight& rising, const Eight& constant, double length,
                         const Rates& rates) {
    double one[EIGHT], other[EIGHT], declared[EIGHT];
    put(one, falling);
    put(other, rising);
    put(declared, constant);
    for (int i = 0; i < EIGHT; ++i)
        one[i] = threat_with(one[i], other[i], declared[i], length, rates.fall, rates.rise);
    return get(one);
}

// The same of a falling and a rising value alone.
inline Eight threat(const Eight& falling, const Eight& rising, double length, const Rates& rates, double fallen,
                    double risen) {
    if (!any(rising)) return falling * alike(1.0 - fallen) / alike(rates.fall);
    if (!any(falling)) return rising * alike(1.0 - risen) / alike(rates.rise);
    const Eight zero = alike(0.0), least = alike(SMALLEST), end = alike(length);
    const Eight ratio = greater(falling, least) / greater(rising, least);
    const Eight crossing = (logarithm(ratio) + alike(rates.rise * length)) / alike(rates.fall + rates.rise);
    const Eight until = fewer(greater(crossing, zero), end);
    const Eight crossed = falling * exponential(alike(-rates.fall) * until);
    const Eight begun = pick(zero, until, crossed, rising * alike(risen));
    return (falling - crossed) / alike(rates.fall) + pick(until, end, (rising - begun) / alike(rates.rise), zero);
}

// Integral of s / (1 + s) of a count that is forgotten.
inline Eight strikes_felt(const Eight& count, double forgotten, double forget) {
    if (1.0 - forgotten <= SERIES * (1.0 + forgotten)) {
        const Eight more = alike(2.0) + count * alike(1.0 + forgotten);
        return series(count * alike(1.0 - forgotten) / more) / alike(forget);
    }
    double of[EIGHT];
    put(of, count);
    for (double& one : of) one = (log1p(one) - log1p(one * forgotten)) / forget;
    return get(of);
}

// What eight cells, or fewer, meet: their cumulative hazards by factor and step.
void meet(const Course& course, const Seen& seen, const Rates& rates, ptrdiff_t at, ptrdiff_t count, double* hazard,
          double* danger) {
    const ptrdiff_t cells = seen.cells, marks = course.steps + 1;
    const Eight zero = alike(0.0), one = alike(1.0);
    Eight remembered = get(seen.remembered + at, count), fresh = get(seen.fresh + at, count),
          grip = get(seen.grip + at, count), own = get(seen.own + at, count), struck[MOST_STRIKERS];
    for (ptrdiff_t striker = 0; striker < seen.strikers; ++striker)
        struck[striker] = get(seen.struck + striker * cells + at, count);
    for (ptrdiff_t factor = 0; factor < rates.factors; ++factor) put(hazard + factor * marks * EIGHT, zero);
    ptrdiff_t step = 0;
    for (ptrdiff_t stretch = 0; stretch < course.stretches; ++stretch) {
        const double length = course.length[stretch];
        const double fallen = course.fallen[stretch], risen = course.risen[stretch], faded = course.faded[stretch],
                     forgotten = course.forgotten[stretch];
        if (stretch == 0 || course.step[stretch] != step) {
            step = course.step[stretch];
            for (ptrdiff_t factor = 0; factor < rates.factors; ++factor) {
                double* now = hazard + (factor * marks + step) * EIGHT;
                put(now + EIGHT, get(now));
            }
            put(danger + step * EIGHT, zero);
        }
        Eight rising = zero;
        if (course.ahead[stretch] >= 0)
            rising = get(seen.ahead + course.ahead[stretch] * cells + at, count) * alike(course.distant[stretch]);
        const Eight met =
            course.declared[stretch] >= 0
                ? threat_with(remembered, rising, get(seen.declared + course.declared[stretch] * cells + at, count),
                              length, rates)
                : threat(remembered, rising, length, rates, fallen, risen);
        Eight under = zero, felt = zero;
        for (ptrdiff_t striker = 0; striker < seen.strikers; ++striker) {
            const Eight position = alike(static_cast<double>(striker));
            const Eight others = pick(own, position, struck[striker], pick(position, own, struck[striker], zero));
            under = under + others;
            struck[striker] = struck[striker] * alike(forgotten);
        }
        if (any(under)) felt = strikes_felt(under, forgotten, rates.forget);
        put(danger + step * EIGHT, get(danger + step * EIGHT) + (met + felt));
        const Eight held = pick(grip, zero, alike(rates.front) * met,
                                grip * fresh * alike(rates.takeover * (1.0 - faded) / rates.fade));
        const Eight total = held + alike(rates.strikes) * felt, most = alike(rates.cap * length);
        for (ptrdiff_t factor = 0; factor < rates.factors; ++factor) {
            double* now = hazard + (factor * marks + step + 1) * EIGHT;
            put(now, get(now) + fewer(alike(rates.scale[factor]) * total, most));
        }
        remembered = remembered * alike(fallen);
        fresh = fresh * alike(faded);
        if (course.front[stretch] >= 0)
            remembered = greater(remembered, get(seen.fronts + course.front[stretch] * cells + at, count));
        if (course.strike[stretch] >= 0)
            for (ptrdiff_t striker = 0; striker < seen.strikers; ++striker)
                struck[striker] =
                    struck[striker] +
                    get(seen.strikes + (course.strike[stretch] * seen.strikers + striker) * cells + at, count);
        if (course.change[stretch] >= 0) {
            const ptrdiff_t state = course.change[stretch] * cells + at;
            fresh = pick(zero, get(seen.changed + state, count), one, fresh);
            grip = get(seen.grip + state, count);
            own = get(seen.own + state, count);
        }
    }
}

// Whether any of the rows is above 0 for any of eight cells, or fewer.
inline bool any_row(const double* rows, ptrdiff_t end, ptrdiff_t cells, ptrdiff_t at, ptrdiff_t count) {
    for (ptrdiff_t row = 0; row < end; ++row)
        if (any(get(rows + row * cells + at, count))) return true;
    return false;
}

// Whether nothing presses anybody of eight cells, or fewer, in the whole run.
bool at_peace(const Seen& seen, ptrdiff_t at, ptrdiff_t count) {
    const ptrdiff_t cells = seen.cells;
    return !any_row(seen.fronts, seen.events, cells, at, count) && !any_row(seen.declared, seen.calls, cells, at, count) &&
           !any_row(seen.strikes, seen.fallings * seen.strikers, cells, at, count) &&
           !any_row(seen.grip, seen.states, cells, at, count) && !any_row(seen.remembered, 1, cells, at, count) &&
           !any_row(seen.struck, seen.strikers, cells, at, count);
}

void run(const Course& course, const Seen& seen, const Rates& rates, const People& people, const Found& found,
         double* room) {
    const ptrdiff_t marks = course.steps + 1, cells = seen.cells;
    double *hazard = room, *kept = hazard + rates.factors * marks * EIGHT, *home = kept + rates.factors * marks * EIGHT,
           *pressed = home + people.groups * marks * EIGHT, *danger = pressed + people.groups * marks * EIGHT;
    for (ptrdiff_t block = 0; block < people.blocks; ++block) {
        const ptrdiff_t end = people.first[block + 1];
        for (ptrdiff_t i = 0; i < 2 * people.groups * marks * EIGHT; ++i) home[i] = 0.0;
        for (ptrdiff_t at = people.first[block]; at < end; at += EIGHT) {
            const ptrdiff_t count = end - at < EIGHT ? end - at : EIGHT;
            if (found.hazard == nullptr && found.danger == nullptr && at_peace(seen, at, count)) {
                for (ptrdiff_t group = 0; group < people.groups; ++group) {
                    const Eight start = get(people.start + group * cells + at, count);
                    for (double *stay = home + group * marks * EIGHT, *last = stay + marks * EIGHT; stay < last; stay += EIGHT)
                        put(stay, get(stay) + start);
                }
                continue;
            }
            meet(course, seen, rates, at, count, hazard, danger);
            if (found.hazard != nullptr)
                for (ptrdiff_t mark = 0; mark < rates.factors * marks; ++mark)
                    put(found.hazard + mark * cells + at, get(hazard + mark * EIGHT), count);
            if (found.danger != nullptr)
                for (ptrdiff_t step = 0; step < course.steps; ++step)
                    put(found.danger + step * cells + at, get(danger + step * EIGHT), count);
            if (found.home == nullptr) continue;
            for (ptrdiff_t mark = 0; mark < rates.factors * marks; ++mark)
                put(kept + mark * EIGHT, exponential(alike(0.0) - get(hazard + mark * EIGHT)));
            for (ptrdiff_t group = 0; group < people.groups; ++group) {
                const Eight start = get(people.start + group * cells + at, count);
                const ptrdiff_t own = people.factor[group] * marks, to = group * marks;
                for (ptrdiff_t mark = 0; mark < marks; ++mark) {
                    double *stay = home + (to + mark) * EIGHT, *met = pressed + (to + mark) * EIGHT;
                    put(stay, get(stay) + start * get(kept + (own + mark) * EIGHT));
                    put(met, get(met) + start * get(hazard + (own + mark) * EIGHT));
                }
            }
        }
        if (found.home == nullptr) continue;
        for (ptrdiff_t mark = 0; mark < people.groups * marks; ++mark) {
            found.home[mark * people.blocks + block] = sum(get(home + mark * EIGHT));
            found.pressed[mark * people.blocks + block] = sum(get(pressed + mark * EIGHT));
        }
    }
}

}  // namespace

#define NAME_OF(name) #name
#define NAME(name) NAME_OF(name)

namespace pressure {
extern const Variant KERNEL_VARIANT;
const Variant KERNEL_VARIANT = {NAME(KERNEL_VARIANT), run};
}  // namespace pressure
