// The part of the kernel of flows that works on vectors, compiled once for each instruction set.
//
// It uses no templates or inline functions of the standard library: their copies here, made for a newer processor,
// could be the ones that the linker keeps for all.

#include "_flows.hpp"

#include "_eight.hpp"

namespace {

using flows::Draw;
using flows::Leaving;
using flows::Ring;
using flows::Timetable;
using std::ptrdiff_t;

// Four sums in turn, so that one addition need not wait for the other.
inline double product(const double* near, const double* weight, ptrdiff_t places) {
    Eight one = alike(0.0), two = alike(0.0), three = alike(0.0), four = alike(0.0);
    ptrdiff_t at = 0;
    for (; at + 4 * EIGHT <= places; at += 4 * EIGHT) {
        one = one + get(near + at) * get(weight + at);
        two = two + get(near + at + EIGHT) * get(weight + at + EIGHT);
        three = three + get(near + at + 2 * EIGHT) * get(weight + at + 2 * EIGHT);
        four = four + get(near + at + 3 * EIGHT) * get(weight + at + 3 * EIGHT);
    }
    for (; at < places; at += EIGHT) one = one + get(near + at, places - at) * get(weight + at, places - at);
    return sum((one + two) + (three + four));
}

void totals(const Draw& draw, double* total) {
    for (ptrdiff_t group = 0; group < draw.groups; ++group)
        total[group] = product(draw.near + draw.entry[group] * draw.places,
                               draw.weight + draw.key[group] * draw.places, draw.places);
}

// The next group from `group` on whose people are counted; the number of groups where there is none. `total` is what
// draws it.
inline ptrdiff_t next(const Draw& draw, const double* people, ptrdiff_t group, double& total) {
    for (; group < draw.groups; ++group) {
        if (!(people[group] > 0)) continue;
        total = product(draw.near + draw.entry[group] * draw.places, draw.weight + draw.key[group] * draw.places,
                        draw.places);
        if (total > 0) break;
    }
    return group;
}

void pulled(const Draw& draw, const double* people, double* found) {
    double total, other_total;
    for (ptrdiff_t group = next(draw, people, 0, total); group < draw.groups;) {
        const ptrdiff_t other = next(draw, people, group + 1, other_total);
        const double* near = draw.near + draw.entry[group] * draw.places;
        double* to = found + draw.key[group] * draw.places;
        const Eight each = alike(people[group] / total);
        if (other < draw.groups && draw.key[other] == draw.key[group]) {
            const double* near_other = draw.near + draw.entry[other] * draw.places;
            const Eight each_other = alike(people[other] / other_total);
            for (ptrdiff_t at = 0; at < draw.places; at += EIGHT) {
                const ptrdiff_t left = draw.places - at;
                put(to + at, get(to + at, left) + (get(near + at, left) * each + get(near_other + at, left) * each_other),
                    left);
            }
            group = next(draw, people, other + 1, total);
            continue;
        }
        for (ptrdiff_t at = 0; at < draw.places; at += EIGHT) {
            const ptrdiff_t left = draw.places - at;
            put(to + at, get(to + at, left) + get(near + at, left) * each, left);
        }
        group = other;
        total = other_total;
    }
}

// Eight places of a set: who sets off, and when they arrive, `COLUMNS` eights of lags at a time.
template <int COLUMNS>
inline void arriving_eight(const Draw& draw, const double* each, const Timetable& table, ptrdiff_t set, ptrdiff_t at,
                           ptrdiff_t column, Eight& sent, Eight (&when)[EIGHT][COLUMNS]) {
    const ptrdiff_t left = draw.places - at;
    Eight all_of_them = alike(0.0), of_place[EIGHT][COLUMNS];
    for (int place = 0; place < EIGHT; ++place)
        for (int i = 0; i < COLUMNS; ++i) of_place[place][i] = alike(0.0);
    for (int64_t position = table.first[set]; position < table.first[set + 1]; ++position) {
        const int64_t group = table.member[position];
        if (each[group] == 0) continue;
        const double* near = draw.near + draw.entry[group] * draw.places + at;
        const uint16_t* cost = table.cost + table.origin[group] * draw.places + at;
        fetch(near + 2 * EIGHT);
        fetch(cost + 4 * EIGHT);
        const Eight flow = get(near, left) *
                           get(draw.weight + draw.key[group] * draw.places + at, left) * alike(each[group]);
        if (!any(flow)) continue;
        all_of_them = all_of_them + flow;
        double people[EIGHT];
        put(people, flow);
        uint16_t some[EIGHT] = {};
        if (left < EIGHT) {
            for (ptrdiff_t place = 0; place < left; ++place) some[place] = cost[place];
            cost = some;
        }
        const double* weights = table.weights + column * EIGHT;
        for (int place = 0; place < EIGHT; ++place) {
            const Eight those = alike(people[place]);
            for (int i = 0; i < COLUMNS; ++i)
                of_place[place][i] =
                    of_place[place][i] + get(weights + cost[place] * table.padded + i * EIGHT) * those;
        }
    }
    sent = all_of_them;
    for (int place = 0; place < EIGHT; ++place)
        for (int i = 0; i < COLUMNS; ++i) when[place][i] = of_place[place][i];
}

template <int COLUMNS>
void arriving_columns(const Draw& draw, const double* each, const Timetable& table, ptrdiff_t column, double* sent,
                      double* by_lag) {
    Eight flow, when[EIGHT][COLUMNS];
    for (ptrdiff_t set = 0; set < table.sets; ++set)
        for (ptrdiff_t at = 0; at < draw.places; at += EIGHT) {
            arriving_eight<COLUMNS>(draw, each, table, set, at, column, flow, when);
            const ptrdiff_t left = draw.places - at, some = left < EIGHT ? left : EIGHT;
            put(sent + set * draw.places + at, flow, left);
            double of[EIGHT][COLUMNS * EIGHT];
            for (int place = 0; place < EIGHT; ++place)
                for (int i = 0; i < COLUMNS; ++i) put(of[place] + i * EIGHT, when[place][i]);
            for (int lag = 0; lag < COLUMNS * EIGHT && column * EIGHT + lag < table.lags; ++lag) {
                double* to = by_lag + ((column * EIGHT + lag) * table.sets + set) * draw.places + at;
                for (ptrdiff_t place = 0; place < some; ++place) to[place] = of[place][lag];
            }
        }
}

void arriving(const Draw& draw, const double* each, const Timetable& table, double* sent, double* by_lag) {
    const ptrdiff_t columns = table.padded / EIGHT;
    ptrdiff_t column = 0;
    for (; column + 2 <= columns; column += 2) arriving_columns<2>(draw, each, table, column, sent, by_lag);
    if (column < columns) arriving_columns<1>(draw, each, table, column, sent, by_lag);
}

void send(const Ring& ring, const double* going, bool by_place, const double* pace, ptrdiff_t lags, ptrdiff_t sets,
          const int64_t* set) {
    for (ptrdiff_t lag = 0; lag < lags; ++lag) {
        const ptrdiff_t slot = (ring.due + lag) % ring.slots;
        double* of_places = ring.of_places + slot * ring.places;
        for (ptrdiff_t row = 0; row < ring.rows; ++row) {
            const double* own = going + row * (by_place ? ring.places : 1);
            if (!by_place && *own == 0) continue;
            const double* when = pace + (lag * sets + set[row]) * ring.places;
            double* to = ring.people + (slot * ring.rows + row) * ring.places;
            Eight all_places = alike(0.0);
            const Eight everywhere = alike(*own);
            for (ptrdiff_t at = 0; at < ring.places; at += EIGHT) {
                const ptrdiff_t left = ring.places - at;
                const Eight people = (by_place ? get(own + at, left) : everywhere) * get(when + at, left);
                put(to + at, get(to + at, left) + people, left);
                put(of_places + at, get(of_places + at, left) + people, left);
                all_places = all_places + people;
            }
            ring.of_rows[slot * ring.rows + row] += sum(all_places);
        }
    }
}

// With a and b the chances of two ways to leave if each were alone, a + b - a b leave; of them each way takes its part
// of the hazard.
void leave(const Leaving& leaving) {
    const Eight least = alike(1e-300);
    for (ptrdiff_t row = 0; row < leaving.rows; ++row) {
        const double *present = leaving.present + row * leaving.places,
                     *onward = leaving.onward + leaving.key[row] * leaving.places,
                     *moved = leaving.moved + leaving.key[row] * leaving.places,
                     *open = leaving.open + leaving.way[row] * leaving.places;
        const Eight homeward = alike(leaving.homeward[row]), returned = alike(leaving.returned[row]);
        for (ptrdiff_t at = 0; at < leaving.places; at += EIGHT) {
            const ptrdiff_t left = leaving.places - at;
            const Eight a = get(moved + at, left), way = get(open + at, left), b = returned * way;
            const Eight gone = get(present + at, left) * (a + b - a * b);
            const Eight hazard = homeward * way;
            const Eight home = gone * (hazard / greater(hazard + get(onward + at, left), least));
            put(leaving.home + row * leaving.places + at, home, left);
            put(leaving.on + row * leaving.places + at, gone - home, left);
        }
    }
}

}  // namespace

#define NAME_OF(name) #name
#define NAME(name) NAME_OF(name)

namespace flows {
extern const Variant KERNEL_VARIANT;
const Variant KERNEL_VARIANT = {NAME(KERNEL_VARIANT), totals, pulled, arriving, send, leave};
}  // namespace flows
