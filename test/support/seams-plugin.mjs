// oxlint has no `no-restricted-syntax`, and an argument-less `new Date()` is no property to restrict.
const noCurrentDate = {
  meta: { type: 'problem' },
  create(context) {
    const check = (node) => {
      if (node.callee.type !== 'Identifier' || node.callee.name !== 'Date') return;
      if (node.type === 'NewExpression' && node.arguments.length > 0) return;
      context.report({ node, message: 'This reads the clock. Take the time from the platform.' });
    };
    return { NewExpression: check, CallExpression: check };
  },
};

export default { meta: { name: 'seams' }, rules: { 'no-current-date': noCurrentDate } };
