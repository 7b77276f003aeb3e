export const BUDGETS: readonly { readonly name: string; readonly code: string; readonly bytes: number }[];
export const FORMER: string;
export function size(code: string): Promise<number>;
