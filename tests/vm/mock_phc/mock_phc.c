// SPDX-License-Identifier: GPL-2.0
/*
 * A PTP hardware clock made of CLOCK_MONOTONIC_RAW, with the faults that real ones have. For the virtual
 * machine of the tests only; Linux 6.1.
 *
 * It starts at CLOCK_REALTIME + offset_ns and runs on at the raw rate plus drift_ppb. The parameters are in
 * /sys/module/mock_phc/parameters; those of the first group count at load only. Unloading it takes the
 * device away even while a program has it open.
 */
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/prandom.h>
#include <linux/ptp_clock_kernel.h>
#include <linux/timekeeping.h>

#define MAX_RATE_PPB 1000000
#define SCALED_PPM_PER_ONE (65536LL * 1000000)

static long offset_ns;
module_param(offset_ns, long, 0444);
MODULE_PARM_DESC(offset_ns, "start at CLOCK_REALTIME plus this");

static bool extended = true;
module_param(extended, bool, 0444);
MODULE_PARM_DESC(extended, "offer PTP_SYS_OFFSET_EXTENDED; else PTP_SYS_OFFSET only");

static bool precise;
module_param(precise, bool, 0444);
MODULE_PARM_DESC(precise, "offer PTP_SYS_OFFSET_PRECISE too");

static uint read_delay_ns;
module_param(read_delay_ns, uint, 0644);
MODULE_PARM_DESC(read_delay_ns, "a read takes this much longer; the time is that of its middle");

static uint jitter_ns;
module_param(jitter_ns, uint, 0644);
MODULE_PARM_DESC(jitter_ns, "uniform noise of this size, both ways, on each time read");

static uint error;
module_param(error, uint, 0644);
MODULE_PARM_DESC(error, "reads fail with this errno; 0: they do not");

static uint quota;
module_param(quota, uint, 0644);
MODULE_PARM_DESC(quota, "reads a second, further ones fail with EBUSY; 0: any number");

static uint reads;
module_param(reads, uint, 0444);
MODULE_PARM_DESC(reads, "reads since the module was loaded, failed ones among them");

/* All fields below are guarded by lock. The time is start_time + rate * (raw clock - start_raw). */
static DEFINE_SPINLOCK(lock);
static u64 start_raw;
static s64 start_time;
static s64 adjusted_rate; /* scaled ppm, set by adjfine */
static int drift_ppb;
static bool frozen;
static s64 frozen_time;
static u64 quota_second;
static uint quota_used;

static struct platform_device *device;
static struct ptp_clock *clock;

static s64 time_at(u64 raw)
{
	s64 rate = adjusted_rate + (s64)drift_ppb * 65536 / 1000;
	u64 elapsed = raw - start_raw;
	s64 gained = mul_u64_u64_div_u64(elapsed, abs(rate), SCALED_PPM_PER_ONE);

	return start_time + (s64)elapsed + (rate < 0 ? -gained : gained);
}

/* Before the rate changes: go on from the time that it is now. */
static void restart(void)
{
	u64 raw = ktime_get_raw_ns();

	start_time = time_at(raw);
	start_raw = raw;
}

static int set_drift(const char *text, const struct kernel_param *parameter)
{
	unsigned long flags;
	int value, failed = kstrtoint(text, 0, &value);

	if (failed)
		return failed;
	if (abs(value) > MAX_RATE_PPB)
		return -ERANGE;
	spin_lock_irqsave(&lock, flags);
	restart();
	drift_ppb = value;
	spin_unlock_irqrestore(&lock, flags);
	return 0;
}

static const struct kernel_param_ops drift_ops = { .set = set_drift, .get = param_get_int };
module_param_cb(drift_ppb, &drift_ops, &drift_ppb, 0644);
MODULE_PARM_DESC(drift_ppb, "error of the oscillator");

static int set_step(const char *text, const struct kernel_param *parameter)
{
	unsigned long flags;
	s64 value;
	int failed = kstrtos64(text, 0, &value);

	if (failed)
		return failed;
	spin_lock_irqsave(&lock, flags);
	start_time += value;
	spin_unlock_irqrestore(&lock, flags);
	return 0;
}

static const struct kernel_param_ops step_ops = { .set = set_step };
module_param_cb(step_ns, &step_ops, NULL, 0200);
MODULE_PARM_DESC(step_ns, "written: the time jumps by this");

static int set_frozen(const char *text, const struct kernel_param *parameter)
{
	unsigned long flags;
	bool value;
	int failed = kstrtobool(text, &value);

	if (failed)
		return failed;
	spin_lock_irqsave(&lock, flags);
	frozen_time = time_at(ktime_get_raw_ns());
	frozen = value;
	spin_unlock_irqrestore(&lock, flags);
	return 0;
}

static const struct kernel_param_ops frozen_ops = { .set = set_frozen, .get = param_get_bool };
module_param_cb(frozen, &frozen_ops, &frozen, 0644);
MODULE_PARM_DESC(frozen, "the time read stands still; it is right again when this ends");

/* The time as a reader sees it; lock is held. */
static s64 shown_time(u64 raw)
{
	s64 time = frozen ? frozen_time : time_at(raw);

	if (jitter_ns)
		time += (s64)prandom_u32_max(2 * jitter_ns + 1) - jitter_ns;
	return time;
}

/* Counts a read; 0 when it may succeed. Lock is held. */
static int admit(void)
{
	u64 second = ktime_get_raw_ns() / NSEC_PER_SEC;

	reads++;
	if (second != quota_second) {
		quota_second = second;
		quota_used = 0;
	}
	if (quota && ++quota_used > quota)
		return -EBUSY;
	return -(int)error;
}

/* Not ndelay(): under emulation it has been seen to return early. */
static void wait_for(uint nanoseconds)
{
	u64 end = ktime_get_raw_ns() + nanoseconds;

	while (ktime_get_raw_ns() < end)
		cpu_relax();
}

static int mock_gettimex(struct ptp_clock_info *info, struct timespec64 *time,
			 struct ptp_system_timestamp *system)
{
	unsigned long flags;
	uint half = READ_ONCE(read_delay_ns) / 2;
	int failed;

	spin_lock_irqsave(&lock, flags);
	failed = admit();
	if (!failed) {
		ptp_read_system_prets(system);
		wait_for(half);
		*time = ns_to_timespec64(shown_time(ktime_get_raw_ns()));
		wait_for(half);
		ptp_read_system_postts(system);
	}
	spin_unlock_irqrestore(&lock, flags);
	return failed;
}

static int mock_gettime(struct ptp_clock_info *info, struct timespec64 *time)
{
	return mock_gettimex(info, time, NULL);
}

static int mock_getcrosststamp(struct ptp_clock_info *info, struct system_device_crosststamp *stamp)
{
	struct system_time_snapshot now;
	unsigned long flags;
	int failed;

	spin_lock_irqsave(&lock, flags);
	failed = admit();
	if (!failed) {
		ktime_get_snapshot(&now);
		stamp->device = ns_to_ktime(shown_time(ktime_to_ns(now.raw)));
		stamp->sys_realtime = now.real;
		stamp->sys_monoraw = now.raw;
	}
	spin_unlock_irqrestore(&lock, flags);
	return failed;
}

static int mock_settime(struct ptp_clock_info *info, const struct timespec64 *time)
{
	unsigned long flags;

	spin_lock_irqsave(&lock, flags);
	start_raw = ktime_get_raw_ns();
	start_time = timespec64_to_ns(time);
	spin_unlock_irqrestore(&lock, flags);
	return 0;
}

static int mock_adjtime(struct ptp_clock_info *info, s64 delta)
{
	unsigned long flags;

	spin_lock_irqsave(&lock, flags);
	start_time += delta;
	spin_unlock_irqrestore(&lock, flags);
	return 0;
}

static int mock_adjfine(struct ptp_clock_info *info, long scaled_ppm)
{
	unsigned long flags;

	spin_lock_irqsave(&lock, flags);
	restart();
	adjusted_rate = scaled_ppm;
	spin_unlock_irqrestore(&lock, flags);
	return 0;
}

static int mock_enable(struct ptp_clock_info *info, struct ptp_clock_request *request, int on)
{
	return -EOPNOTSUPP;
}

static struct ptp_clock_info info = {
	.owner = THIS_MODULE,
	.name = "mock_phc",
	.max_adj = MAX_RATE_PPB,
	.settime64 = mock_settime,
	.adjtime = mock_adjtime,
	.adjfine = mock_adjfine,
	.enable = mock_enable,
};

static int __init mock_init(void)
{
	struct system_time_snapshot now;

	device = platform_device_register_simple("mock_phc", PLATFORM_DEVID_NONE, NULL, 0);
	if (IS_ERR(device))
		return PTR_ERR(device);
	ktime_get_snapshot(&now);
	start_raw = ktime_to_ns(now.raw);
	start_time = ktime_to_ns(now.real) + offset_ns;
	frozen_time = start_time;
	if (extended)
		info.gettimex64 = mock_gettimex;
	else
		info.gettime64 = mock_gettime;
	if (precise)
		info.getcrosststamp = mock_getcrosststamp;
	clock = ptp_clock_register(&info, &device->dev);
	if (IS_ERR_OR_NULL(clock)) {
		platform_device_unregister(device);
		return clock ? PTR_ERR(clock) : -ENODEV;
	}
	return 0;
}

static void __exit mock_exit(void)
{
	ptp_clock_unregister(clock);
	platform_device_unregister(device);
}

module_init(mock_init);
module_exit(mock_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("PTP hardware clock for tests");
