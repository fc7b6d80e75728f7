// A realm's budget in words.

const usd = new Intl.NumberFormat('en', { style: 'currency', currency: 'USD', minimumFractionDigits: 0, maximumFractionDigits: 2 });

export const budgetText = (monthly?: number | null) => (monthly === null || monthly === undefined ? 'no limit' : `${usd.format(monthly)} a month`);
